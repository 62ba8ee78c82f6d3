"""A real PostgreSQL and a real Valkey, run from Python packages: nothing to install, nobody to ask."""

from console.embedded.faults import EmbeddedFault as EmbeddedFault
from console.embedded.postgres import PostgresServer as PostgresServer
from console.embedded.valkey import ValkeyServer as ValkeyServer
