"""`console up`: embedded PostgreSQL and Valkey, and the console's own processes under one supervisor."""

from console.trial.faults import EmbeddedFault as EmbeddedFault
from console.trial.postgres import PostgresServer as PostgresServer
from console.trial.valkey import ValkeyServer as ValkeyServer
