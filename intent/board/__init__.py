"""The board: leads for staff without a CRM, and their supervisor's view of the team."""
