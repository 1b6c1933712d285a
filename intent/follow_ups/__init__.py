"""What follows from a call beside leads: cases, tickets with their incidents, and changes of consent."""
