"""What users prove beside their password: an authenticator application, recovery codes."""
