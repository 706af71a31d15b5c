// biome-ignore-all lint/correctness: Pub/Sub calls it, by its name and with two arguments.
/**
 * Runs inside Pub/Sub, before a message is delivered to plan: lets through what is about a checkpoint, and messages that
 * are no notifications of the bucket. dropPlace in shared/pipeline/keys.ts decides in the end.
 */
function checkpointsOnly(message, metadata) {
  const key = message.attributes ? message.attributes.objectId : undefined;
  if (key === undefined) return message;
  return key.split('/')[3] === 'checkpoints' ? message : null;
}
