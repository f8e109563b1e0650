# Prints what it is told, up to "end".
import asyncio, os
import asyncpg


async def main():
    conn = await asyncpg.connect(os.environ["URL"])
    end = asyncio.Event()

    def told(_, pid, channel, payload):
        print(channel, payload, flush=True)
        if payload == "end":
            end.set()

    await conn.add_listener("a", told)
    print("ready", flush=True)
    await end.wait()
    await conn.remove_listener("a", told)
    await conn.reset()
    await conn.close()


asyncio.run(main())
