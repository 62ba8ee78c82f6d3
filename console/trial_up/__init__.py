"""Everything at once: database, Redis, a simulated 1NCE, a worker and the web server, in one command."""

from console.trial_up.options import UpOptions as UpOptions
from console.trial_up.plan import up as up
