// Three durable steps in sequence, then return, on DBOS Transact; and its load. DBOS is a library:
// the workflows run in this process, and only the database is another one.
//
//   node load.js POSTGRESQL-URL IN-FLIGHT SECONDS
//
// Prints "WORKFLOWS_PER_SECOND P50_MICROSECONDS".
import { DBOS } from '@dbos-inc/dbos-sdk';

const [url, inFlight, seconds] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const kWarmUpSeconds = 2;

const threeSteps = DBOS.registerWorkflow(
  async (start) => {
    let value = start;
    for (const name of ['first', 'second', 'third']) {
      value = await DBOS.runStep(async () => value + 1, { name });
    }
    return value;
  },
  { name: 'three_steps' },
);

// Keeps `inFlight` workflows going for so long; returns how long each took, in microseconds.
async function load(duration) {
  const took = [];
  const end = performance.now() + duration * 1000;
  const loop = async () => {
    for (let now = performance.now(); now < end; ) {
      if ((await threeSteps(39)) !== 42) throw new Error('wrong result');
      const done = performance.now();
      took.push((done - now) * 1000);
      now = done;
    }
  };
  const began = performance.now();
  await Promise.all(Array.from({ length: inFlight }, loop));
  return { took: took.sort((a, b) => a - b), elapsed: (performance.now() - began) / 1000 };
}

DBOS.setConfig({
  name: 'three-steps',
  systemDatabaseUrl: url,
  // A connection for each workflow in flight, within reason; DBOS's default is 10.
  systemDatabasePoolSize: Math.min(Math.max(inFlight, 10), 64),
  runAdminServer: false,
  logLevel: 'error',
});
await DBOS.launch();
await load(kWarmUpSeconds);
const { took, elapsed } = await load(seconds);
await DBOS.shutdown();
console.log(`${(took.length / elapsed).toFixed(1)} ${took[took.length >> 1].toFixed(0)}`);
process.exit(0);
