"""Slows down who guesses passwords, by name, by network and by all together, and locks out nobody who knows theirs.

A device that the user has signed in on before has windows of its own: strangers' guesses at the name do not count
there. Everybody else is bounded by two windows: one name from one network, and one network (a password tried at many
names). What others do from other networks refuses nobody: it only makes allowances smaller. While more than OF_NAME
wrong guesses at one name come from everywhere, its allowance in each network is a quarter; while more than OF_ALL at
all names do, that of each network is a quarter as well.

So within SECONDS, N networks guess at one name OF_NAME + N * OF_PAIR / ATTACKED_PART times at most: a thousand
networks 2,032 times, 585,000 a day, against the 10^8 guesses and more that a password is worth (users/rules.py); who
never guessed from their network has two tries even then.

Counted in Redis; if Redis does not answer, nobody is refused.
"""

from msgspec import Struct
from redis.asyncio import Redis

from console.errors import TooMany
from console.http.windows import Window, give_back, take, used

SECONDS = 300
OF_DEVICE = 8  # wrong guesses at one name on a device that it has signed in on
OF_PAIR = 8  # at one name from one network
OF_NETWORK = 40
OF_NAME, OF_ALL = 32, 400  # more wrong guesses at one name, or at all, than that are an attack
UNBOUNDED = 1_000_000
ATTACKED_PART = 4
OF_FORGOTTEN = 20  # from one network, in FACTOR_SECONDS
OF_FACTOR, FACTOR_SECONDS = 20, 3600  # wrong codes of one user, whose password was right, on strange devices


class Attempt(Struct, frozen=True):
    """One try to sign in, counted before the password is looked at."""

    own: Window  # emptied by the right password
    shared: tuple[Window, ...]
    counted_unix_seconds: float


async def begin_attempt(redis: Redis, name: str, network: str, device: str | None, now: float) -> Attempt:
    """Count a try. Raises TooMany if it may not be made; then it is not counted.

    `device` is the id of a device on which this very user has signed in before; `now` is in seconds since 1970.
    """
    name = name.lower()[:100]
    everybody, of_name = [Window(f"guess:{whose}", UNBOUNDED, SECONDS) for whose in ("all", f"name:{name}")]
    if device is not None:
        own = Window(f"guess:device:{device}", OF_DEVICE, SECONDS)
        shared: tuple[Window, ...] = ()
    else:
        at_all, at_name = await used(redis, [everybody, of_name], now)
        attacked = at_all >= OF_ALL
        of_pair = OF_PAIR // ATTACKED_PART if attacked or at_name >= OF_NAME else OF_PAIR
        of_network = OF_NETWORK // ATTACKED_PART if attacked else OF_NETWORK
        own = Window(f"guess:pair:{network}:{name}", of_pair, SECONDS)
        shared = (Window(f"guess:network:{network}", of_network, SECONDS), of_name, everybody)
    counts = await take(redis, [own, *shared], now)
    if wait := max(count.wait_seconds for count in counts):
        raise TooMany("Too many tries: wait a few minutes", retry_after=wait)
    return Attempt(own, shared, now)


async def begin_factor_attempt(redis: Redis, user_id: int, device: str | None, now: float) -> Attempt:
    """Count a code that is tried after the right password. Raises TooMany if none may be tried; it is not counted then.

    Who guesses codes knows the password; they are kept slow enough for a year, and out of the windows of known devices.
    """
    own = (
        Window(f"factor:user:{user_id}", OF_FACTOR, FACTOR_SECONDS)
        if device is None
        else Window(f"factor:device:{device}", OF_DEVICE, SECONDS)
    )
    (count,) = await take(redis, [own], now)
    if count.wait_seconds:
        raise TooMany("Too many codes: wait before you try another", retry_after=count.wait_seconds)
    return Attempt(own, (), now)


async def succeeded(redis: Redis, attempt: Attempt) -> None:
    """The password was right: this try counts for nothing, nor do the wrong ones of this person before it."""
    await give_back(redis, attempt.shared, [attempt.own], attempt.counted_unix_seconds)


async def count_forgotten(redis: Redis, network: str, now: float) -> None:
    """Count that somebody has forgotten their password. Raises TooMany after OF_FORGOTTEN from one network.

    Not by name: whoever asks for others keeps nobody from asking.
    """
    (count,) = await take(redis, [Window(f"forgotten:{network}", OF_FORGOTTEN, FACTOR_SECONDS)], now)
    if count.wait_seconds:
        raise TooMany("Too many requests for a new password: wait a while", retry_after=count.wait_seconds)


async def count_wrong_post(redis: Redis, network: str, now: float) -> None:
    """Count a post with a wrong password. Raises TooMany after OF_NETWORK from one network.

    Only wrong ones are counted, and only they are refused: to refuse a right one would delay what it brings.
    """
    (count,) = await take(redis, [Window(f"guess:post:{network}", OF_NETWORK, SECONDS)], now)
    if count.wait_seconds:
        raise TooMany("Too many wrong passwords: wait a few minutes", retry_after=count.wait_seconds)
