"""How much data and how many SMS the SIMs have used."""
