/**
 * What a second process does in these tests: `node child.ts WORK FOLDER [ARGUMENT]`. It says what it has done on
 * stdout, one JSON line each, and then waits to be killed.
 */
import { openLocal } from '../../../shared/platform/local/index.ts';

const [work, folder = '', argument = ''] = process.argv.slice(2);
const say = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`);

switch (work) {
  case 'hold':
    openLocal({ folder });
    say('held');
    break;
  case 'publish': {
    const { events } = openLocal({ folder, exclusive: false });
    await events.publish('t', argument);
    say('published');
    break;
  }
  case 'lease': {
    const { queue } = openLocal({ folder });
    say(queue.lease(['t'], 3_600_000));
    break;
  }
  case 'race': {
    const { objects, records } = openLocal({ folder, exclusive: false });
    const won: string[] = [];
    for (let i = 0; i < 30; i++) {
      const put = objects.put(`race/${i}`, Buffer.from(argument), { ifAbsent: true });
      if (await put.then(Boolean, () => false)) won.push(`object ${i}`);
      if (await records.create(`race/${i}`, { argument })) won.push(`record ${i}`);
    }
    say(won);
    break;
  }
}
setInterval(() => {}, 60_000);
