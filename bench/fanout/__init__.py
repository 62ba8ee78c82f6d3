"""The ways of sending to many sockets that `bench_fanout` compares, and the receiver that counts what arrives."""
