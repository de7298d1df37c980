"""What must not be stored as it was typed: today secrets (CON-8), health data later (CON-1)."""
