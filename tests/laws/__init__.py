"""The laws of the ring and of style: functions over the source tree, their tests, and the mutations that try them."""
