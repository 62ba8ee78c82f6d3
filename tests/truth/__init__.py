"""The trial of the screen: every page under traffic, compared with SQL and with the same page opened anew."""
