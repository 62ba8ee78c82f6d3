"""The streams: in order, each once, bounded, and never what is another's."""
