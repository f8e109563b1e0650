// Prints what it is told, up to "end".
import pg from 'pg'

const client = new pg.Client(process.env.URL)
await client.connect()
client.on('notification', told => {
  console.log(told.channel, told.payload)
  if (told.payload === 'end') client.end()
})
await client.query('LISTEN a')
console.log('ready')
