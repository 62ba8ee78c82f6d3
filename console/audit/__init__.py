"""The audit trail: who did what, when, from where and how it ended, in lines that can't be changed unnoticed."""
