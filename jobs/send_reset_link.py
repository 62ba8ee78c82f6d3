"""Mails a link for a new password to a user who has asked for one."""

import sys

from console.acting import Actor, ActorKind, acting
from console.members.forgotten import MAILED_FOR, make_mailed_link
from console.notifications.plain_mail import send_mail
from jobs.run import Run, for_installation


@for_installation
async def send_reset_link(run: Run, user_id: int) -> None:
    """The link is in the mail alone; without a mail server, in development, it is printed.

    0 is nobody: so much is asked for at an unknown name, that no answer takes another time.
    """
    known, who = run.worker.settings, Actor(kind=ActorKind.JOB, name=run.job)
    async with run.db.transaction() as transaction:
        link = await make_mailed_link(transaction, user_id, run.now())
        if link is None:
            return
        async with acting(transaction, who, "link.mail", link.name, organization_id=link.organization_id):
            pass
    run.counted(seen=1)
    address = f"{known.public_origin[0] if known.public_origin else ''}/join/{link.token}"
    if known.smtp_url is None and known.app_env == "development":
        print(f"A new password for {link.name}: {address}", file=sys.stderr, flush=True)  # noqa: T201 - for whoever tries it
        return
    hours = int(MAILED_FOR.total_seconds() // 3600)
    await send_mail(
        known,
        link.mail_address,
        "A new password for the SIM console",
        f"Somebody, probably you, has asked for a new password of the user {link.name}.\n\n{address}\n\n"
        f"The link works once, within {hours} hour. Until then your password stays as it is: if it was not you, do "
        "nothing.\n",
    )
