"""placeholder."""


class UpOptions: ...


async def up(o):
    return 0
