"""The part of the suite that depends on the time, at hours at which programs fail."""
