// biome-ignore-all lint/correctness: Pub/Sub calls it, by its name and with two arguments.
/**
 * Runs inside Pub/Sub, before a message is delivered to plan: lets through what is about a checkpoint of the operator's
 * own, and messages that are no notifications of the bucket. dropPlace in shared/pipeline/base/layout.ts decides in the end.
 * What accounts upload (ownerOf in shared/service/core/paths.ts) is not planned when it lands, but when it is started.
 */
function checkpointsOnly(message, metadata) {
  const key = message.attributes ? message.attributes.objectId : undefined;
  if (key === undefined) return message;
  const [, tenant, , folder] = key.split('/');
  if (/^acc_[0-9a-z]{16}$/.test(tenant)) return null;
  return folder === 'checkpoints' ? message : null;
}
