"""One Redis of our own: only a messenger, on a socket, that writes nothing to disk."""

from wallstreetsim.environment.places import Places
from wallstreetsim.stack.binaries import redis_program


def command(places: Places) -> list[str]:
    """Return the command line of the server."""
    listening = ["--port", "0", "--unixsocket", str(places.redis_socket), "--unixsocketperm", "700"]
    forgetting = ["--save", "", "--appendonly", "no", "--dir", str(places.run)]
    return [str(redis_program("redis-server")), *listening, *forgetting]
