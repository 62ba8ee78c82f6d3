"""An installation whose connections and processes are cut at random, and the comparison of what came through."""
