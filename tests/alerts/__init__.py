"""Alert rules, judging, and what people do about alerts."""
