"""Views of the list of SIMs that people keep: their own, and those that all of an organization share."""
