"""What the workers do and have done: the schedule of jobs, and each run of one."""
