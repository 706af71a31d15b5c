import { expect, test } from 'vitest';
import { readSettings } from '../../functions/context-settings.ts';

const NEEDED = { FUNCTION_TARGET: 'probe', REWOUND_PROJECT: 'p', REWOUND_BUCKET: 'b' };
const CALLER = { REWOUND_PUSH_AUDIENCE: 'https://probe.example', REWOUND_PUSH_EMAIL: 'push@p.iam.gserviceaccount.com' };

test('a deployed service says who may call it', () => {
  expect(readSettings({ ...NEEDED, ...CALLER, REWOUND_DEVICE: 'cuda', REWOUND_WINDOW: '8', PORT: '80' })).toEqual({
    target: 'probe',
    port: 80,
    project: 'p',
    bucket: 'b',
    topicPrefix: '',
    database: undefined,
    device: 'cuda',
    window: 8,
    concurrency: 1,
    caller: { audience: 'https://probe.example', email: 'push@p.iam.gserviceaccount.com' },
  });
});

test('beside an emulator nobody need be named, and is verified all the same if named', () => {
  expect(readSettings({ ...NEEDED, PUBSUB_EMULATOR_HOST: '127.0.0.1:1' }).caller).toBeUndefined();
  expect(readSettings({ ...NEEDED, ...CALLER, PUBSUB_EMULATOR_HOST: '127.0.0.1:1' }).caller).toBeDefined();
});

test.each([
  ['FUNCTION_TARGET', { ...NEEDED, ...CALLER, FUNCTION_TARGET: undefined }],
  ['REWOUND_PROJECT', { ...NEEDED, ...CALLER, REWOUND_PROJECT: '' }],
  ['REWOUND_DEVICE', { ...NEEDED, ...CALLER, REWOUND_DEVICE: 'secret' }],
  ['REWOUND_WINDOW', { ...NEEDED, ...CALLER, REWOUND_WINDOW: '0' }],
  ['REWOUND_CONCURRENCY', { ...NEEDED, ...CALLER, REWOUND_CONCURRENCY: '0' }],
  ['PORT', { ...NEEDED, ...CALLER, PORT: 'secret' }],
  ['REWOUND_PUSH_AUDIENCE', NEEDED],
  ['REWOUND_PUSH_AUDIENCE', { ...NEEDED, PUBSUB_EMULATOR_HOST: '' }],
  ['REWOUND_PUSH_EMAIL', { ...NEEDED, REWOUND_PUSH_AUDIENCE: 'https://probe.example' }],
  ['REWOUND_PUSH_EMAIL', { ...NEEDED, ...CALLER, REWOUND_PUSH_EMAIL: 'secret' }],
])('an error names %s, not what it holds', (variable, environment) => {
  const read = () => readSettings(environment);
  expect(read).toThrow(expect.objectContaining({ code: 'USAGE', message: expect.stringContaining(variable) }));
  expect(read).not.toThrow(/secret/);
});
