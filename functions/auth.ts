/** Who may call a deployed function: Pub/Sub, by the signed token of its pushes. */
import { OAuth2Client, type OAuth2ClientOptions } from 'google-auth-library';

/** Who may call a service: the account that Pub/Sub signs its pushes with, for this audience. */
export interface Caller {
  readonly audience: string;
  readonly email: string;
}

/** What to answer a caller with; 200: let in. 503: it cannot be told now, so the push must come again. */
export type PushAnswer = 200 | 401 | 403 | 503;

/** Judges the `Authorization` header of a request. */
export type PushAuthenticator = (authorization: string | undefined) => Promise<PushAnswer>;

/**
 * A gate that lets in pushes of one subscription's account only: the token's signature, issuer, times and audience,
 * then its e-mail, which Google must have verified. Cloud Run checks tokens too, but a service that was made public
 * by mistake would then spend money for anybody. What the library throws holds the token and is never passed on.
 *
 * `endpoints` is where Google's certificates are; its own by default.
 */
export function pushAuthenticator(
  { audience, email }: Caller,
  endpoints?: OAuth2ClientOptions['endpoints'],
): PushAuthenticator {
  const client = new OAuth2Client(endpoints ? { endpoints } : {});
  return async (authorization) => {
    const [, idToken] = /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(authorization ?? '') ?? [];
    if (idToken === undefined) return 401;
    try {
      // Asked for on its own, kept by the client: without certificates a good token looks like a bad one.
      await client.getFederatedSignonCerts();
    } catch {
      return 503;
    }
    try {
      const payload = (await client.verifyIdToken({ idToken, audience })).getPayload();
      return payload?.email === email && payload.email_verified === true ? 200 : 403;
    } catch {
      return 401;
    }
  };
}
