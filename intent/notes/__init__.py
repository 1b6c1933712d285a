"""The call note: what was wanted, stated and promised in a call, each with its turn; and its life until the CRM."""
