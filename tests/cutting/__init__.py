"""An installation whose connections and processes are cut at random while it works; what came through is compared."""
