/**
 * Stops all deliveries once the budget is spent: the service `breaker` of terraform/budget.tf, which runs this file as
 * it is. Budgets only tell; to do something is left to who listens. Every subscription is taken off its service, so that
 * no instance has work any more and all end. Messages stay where they are for a week, and the next deployment puts
 * everything back.
 */
import { createServer, type Server } from 'node:http';
import { PubSub } from '@google-cloud/pubsub';
import { z } from 'zod';
import { stdout } from '../../shared/terminal.ts';

const MAX_BODY = 2 ** 20;

const pushSchema = z.object({ message: z.object({ data: z.string() }) });

/** https://cloud.google.com/billing/docs/how-to/budgets-programmatic-notifications#notification_format */
const notificationSchema = z.object({ costAmount: z.number(), budgetAmount: z.number().positive() });

/**
 * Whether the body of a push says that the budget is spent. False for what is no such notification: nothing else is
 * published to the topic, and what cannot be read must not come again and again.
 */
export function isSpent(body: string): boolean {
  try {
    const { message } = pushSchema.parse(JSON.parse(body));
    const { costAmount, budgetAmount } = notificationSchema.parse(
      JSON.parse(Buffer.from(message.data, 'base64').toString()),
    );
    return costAmount >= budgetAmount;
  } catch {
    return false;
  }
}

/** Takes subscriptions off their services. Tries all of them; throws if one could not be. */
export async function stopDeliveries(pubsub: PubSub, subscriptions: readonly string[]): Promise<void> {
  const results = await Promise.allSettled(
    subscriptions.map((name) => pubsub.subscription(name).modifyPushConfig({ pushEndpoint: '' })),
  );
  const failed = subscriptions.filter((_, i) => results[i]?.status === 'rejected');
  if (failed.length > 0) throw new Error(`Still delivering: ${failed.join(', ')}.`);
}

/** Answers pushes of the budget's topic; 500, which makes it come again, if a subscription could not be stopped. */
export function breaker(stop: () => Promise<void>, log: (line: object) => void): Server {
  return createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) {
      body += String(chunk);
      if (body.length > MAX_BODY) return void response.writeHead(413).end();
    }
    try {
      if (isSpent(body)) {
        await stop();
        log({
          severity: 'CRITICAL',
          event: 'budget.spent',
          message: 'The budget is spent. All deliveries are stopped.',
        });
      }
      response.writeHead(204).end();
    } catch (error) {
      log({ severity: 'CRITICAL', event: 'budget.failed', message: error instanceof Error ? error.message : '' });
      response.writeHead(500).end();
    }
  });
}

if (import.meta.main) {
  const { PORT = '8080', REWOUND_PROJECT = '', REWOUND_SUBSCRIPTIONS = '' } = process.env;
  const pubsub = new PubSub({ projectId: REWOUND_PROJECT });
  breaker(
    () => stopDeliveries(pubsub, REWOUND_SUBSCRIPTIONS.split(',')),
    (line) => stdout.json(JSON.stringify(line)),
  ).listen(Number(PORT));
}
