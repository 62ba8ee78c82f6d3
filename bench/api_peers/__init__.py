"""Who is compared by bench_api: the console, what one would write with FastAPI, and a floor."""
