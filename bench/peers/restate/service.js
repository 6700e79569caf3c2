// Three durable steps in sequence, then return, as a Restate service. The server calls it over
// HTTP/2 at the port given.
import './with_resolvers.js';
import { serve, service } from '@restatedev/restate-sdk';

const threeSteps = service({
  name: 'three_steps',
  handlers: {
    run: async (ctx, start) => {
      let value = start;
      for (const name of ['first', 'second', 'third']) {
        value = await ctx.run(name, () => value + 1);
      }
      return value;
    },
  },
});

await serve({ services: [threeSteps], port: Number(process.argv[2]) });
