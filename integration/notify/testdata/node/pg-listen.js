// Prints what it is told, up to "end". pg-listen reads payloads as JSON, unless it is told otherwise.
import createSubscriber from 'pg-listen'

const subscriber = createSubscriber.default({ connectionString: process.env.URL }, { parse: text => text, serialize: text => text })
subscriber.notifications.on('a', payload => {
  console.log('a', payload)
  if (payload === 'end') subscriber.close()
})
await subscriber.connect()
await subscriber.listenTo('a')
console.log('ready')
