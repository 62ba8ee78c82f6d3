"""Renews the access token at 1NCE before it ends, so that no poll has to wait for it."""

from jobs.run import Run, by_organization


@by_organization(needs_once=True)
async def refresh_token(run: Run) -> None:
    """Asks 1NCE only if the token that all workers share is near its end."""
    await run.client.renew_token()
    run.counted(seen=1)
