// Prints the given number of free ports of 127.0.0.1, one on each line. All are open at the same time, so they differ.
import { once } from 'node:events'
import { createServer } from 'node:net'

const servers = Array.from({ length: Number(process.argv[2]) }, () => createServer().listen(0, '127.0.0.1'))
await Promise.all(servers.map((server) => once(server, 'listening')))
for (const server of servers) {
  console.log(server.address().port)
  server.close()
}
