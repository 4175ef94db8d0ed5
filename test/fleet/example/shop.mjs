// shop.mjs: a server that counts the orders it receives
import { createServer } from 'node:http'

const counts = {}
const times = []
let tokens = 0
let last = 0

const routes = {
  token: (response) => {
    tokens += 1
    response.end(JSON.stringify({ access_token: 'k3y', expires_in: 3600 }))
  },
  counts: (response) => response.end(JSON.stringify({ counts, times, tokens })),
  orders: (response, id) => {
    counts[id] = (counts[id] ?? 0) + 1
    last += 1
    const headers = { location: `/receipts/${id}`, 'set-cookie': [`order-${id}=1; Path=/`, `last=${last}; Path=/`] }
    setTimeout(() => response.writeHead(303, headers).end(), 50)
  },
  receipts: (response, id) => setTimeout(() => response.end(`receipt ${id}`), 20),
}

const server = createServer((request, response) => {
  const [, route, id] = request.url.split('/')
  const isPublic = route === 'token' || route === 'counts'
  if (!isPublic) times.push(Date.now())
  request.resume().on('end', () => {
    if (isPublic || request.headers.authorization === 'Bearer k3y') routes[route](response, id)
    else response.writeHead(401).end()
  })
})
server.listen(Number(process.env.PORT ?? 8080), '127.0.0.1', () => console.log(`port ${server.address().port}`))
