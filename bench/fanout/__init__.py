"""The ways of telling many sockets that `bench_fanout` compares, and the receiver that counts what arrives."""
