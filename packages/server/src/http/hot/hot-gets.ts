import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HeldAnswer, Operation } from '@midgard/game-kit';
import { type Clock, systemClock } from '../../clock.ts';
import type { HotOperation, HotRules } from '../../hot/hot-rules.ts';
import { renewAt } from '../../hot/renewal.ts';
import { noopMetrics, type ServerMetrics } from '../../metrics.ts';
import type { GameRoute } from '../../router.ts';
import type { Session } from '../../session.ts';
import type { HttpDependencies } from '../dependencies.ts';
import { rateHeaders } from '../rate-headers.ts';
import { type Coding, isCodable, type Reply } from '../reply.ts';
import { requestIdOf } from '../request-headers.ts';
import type { Traffic } from '../traffic.ts';
import { AcceptedCodings } from './accepted-codings.ts';
import { HotCallers } from './hot-callers.ts';
import { KeptAnswer } from './kept-answer.ts';
import { KeptAnswers } from './kept-answers.ts';
import { Peers } from './peers.ts';
import { readyOf, writeReady } from './ready-answer.ts';
import { RequestForm } from './request-form.ts';

/** A cached read that was answered on the full way. */
export interface KeptRead {
  readonly operation: HotOperation;
  readonly held: HeldAnswer;
  /** The good answer, with its body and without a content coding. */
  readonly whole: Reply;
  /** What its caller gets whose `If-None-Match` names its tag. */
  readonly unchanged: Reply;
}

/** A request to a cached read on the full way, and what came of it. */
export interface AnsweredRead extends KeptRead {
  /** Path and query, as they were sent. */
  readonly target: string;
  readonly host: string | undefined;
  /** As it was sent to this caller. */
  readonly sent: Reply;
  /** Headers of every answer to whoever asks without an origin, but for those of its caller, over those of the reply. */
  readonly headersOf: (reply: Reply) => Readonly<Record<string, string>>;
}

/** Default of `keptAnswerBytes`. */
const defaultKeptAnswerBytes = 32 * 1024 * 1024;
/** Larger ones are rare, and to write them takes longer than to make them. */
const maxBodyCharacters = 12 * 1024;
/** Values of `Host` with which the full way has found nothing wrong. */
const maxHosts = 64;

/**
 * The hot way over HTTP: answers cached reads by their target, with what was made for others who asked the same, before Hono hears of them.
 *
 * It looks at Node's raw headers, and leaves to the full way whatever has one that changes anything, is to be refused, followed, or was not asked
 * before in this form. So there is one place that refuses, and one that makes answers.
 */
export class HotGets {
  readonly #rules: HotRules;
  readonly #clock: Clock;
  readonly #metrics: ServerMetrics;
  readonly #traffic: Traffic;
  readonly #failureLimit: HttpDependencies['failureLimit'];
  readonly #isOn: boolean;
  readonly #answers: KeptAnswers<KeptAnswer>;
  readonly #callers: HotCallers;
  readonly #peers: Peers;
  readonly #codings = new AcceptedCodings();
  readonly #form: RequestForm;
  readonly #hosts = new Set<string>();
  readonly #requestIds: string[] = [''];
  #routesVersion: number;

  constructor(dependencies: HttpDependencies, traffic: Traffic) {
    const { dispatcher, authenticator, clock = systemClock, metrics = noopMetrics, failureLimit, options = {} } = dependencies;
    const { keptAnswerBytes = defaultKeptAnswerBytes, forwarding } = options;
    this.#rules = dispatcher.hotRules;
    this.#clock = clock;
    this.#metrics = metrics;
    this.#traffic = traffic;
    this.#failureLimit = failureLimit;
    this.#isOn = keptAnswerBytes > 0 && authenticator.recallHttp !== undefined;
    this.#answers = new KeptAnswers(keptAnswerBytes);
    this.#callers = new HotCallers({ dispatcher, authenticator });
    this.#peers = new Peers(forwarding);
    this.#form = new RequestForm(forwarding?.header);
    this.#routesVersion = this.#rules.routesVersion;
  }

  /** @returns whether the request was answered; if not, nothing has been done */
  serve(incoming: IncomingMessage, outgoing: ServerResponse): boolean {
    const { method, url = '' } = incoming;
    if (!this.#isOn || method !== 'GET') return false;
    this.#forgetOldGames();
    const kept = this.#answers.find(url);
    if (kept === undefined) return false;
    const startedAt = performance.now();
    const form = this.#form;
    if (!form.read(incoming.rawHeaders) || !this.#hosts.has(form.host ?? '') || this.#traffic.hasRefused(incoming.socket)) return false;
    if (!kept.isGood(this.#clock.now())) return false;
    const answer = kept.inForm(form, this.#codings);
    if (answer === undefined) return false;
    const peer = this.#peers.of(incoming.socket, form.forwarded);
    if (this.#failureLimit?.remaining(peer.limited) === 0) return false;
    const session = this.#callers.admit(form, peer, kept.operation);
    // Asked last: whoever is followed, or pays for a request, is so once.
    if (session === undefined || this.#rules.follows() || (session.budget !== undefined && !session.takeRate().allowed)) return false;
    const requestId = requestIdOf(form.requestId);
    this.#traffic.answered(outgoing, { method, status: answer.status, startedAt, madeAt: startedAt, readMs: 0 });
    writeReady(outgoing, answer, [...(session.budget === undefined ? [] : Object.entries(rateHeaders(session)).flat()), 'X-Request-Id', requestId]);
    this.#tell(kept, { session, address: peer.address, requestId, startedAt });
    return true;
  }

  /** @returns what the answers to this operation are kept under, if they are */
  wants({ number }: Pick<GameRoute, 'number'>, { code, isPublic }: Operation): HotOperation | null {
    // What strangers may ask for is limited by their address.
    return this.#isOn && !isPublic ? this.#rules.operation(((number << 16) | code) >>> 0) : null;
  }

  /** Keeps an answer for those who ask the same. */
  keep(read: AnsweredRead): void {
    const { operation, held, target, host, whole, unchanged, sent, headersOf } = read;
    if (typeof whole.body !== 'string' || whole.body.length > maxBodyCharacters) return;
    this.#forgetOldGames();
    if (this.#rules.operation(operation.target) !== operation) return;
    this.#trust(host);
    const plain = { ...whole, headers: { ...whole.headers, ...(isCodable(whole) && { Vary: 'Accept-Encoding' }) } };
    const before = this.#answers.find(target);
    const kept =
      before !== undefined && before.isOf(held) && before.isGood(this.#clock.now())
        ? before
        : new KeptAnswer({
            operation,
            held,
            until: renewAt(held, this.#clock.now()),
            tag: whole.headers['ETag'],
            unchanged: readyOf(unchanged, headersOf(unchanged)),
            plain: readyOf(plain, headersOf(plain)),
            isCodable: isCodable(whole),
          });
    const coding = codingOf(sent);
    if (coding !== undefined) kept.addCoded(coding, readyOf(sent, headersOf(sent)));
    this.#answers.keep(target, kept);
  }

  #forgetOldGames(): void {
    if (this.#rules.routesVersion === this.#routesVersion) return;
    this.#routesVersion = this.#rules.routesVersion;
    this.#answers.clear();
  }

  #trust(host: string | undefined): void {
    if (host === undefined || this.#hosts.has(host)) return;
    if (this.#hosts.size === maxHosts) this.#hosts.clear();
    this.#hosts.add(host);
  }

  #tell(kept: KeptAnswer, { session, address, requestId, startedAt }: { session: Session; address: string; requestId: string; startedAt: number }): void {
    const { route, operation } = kept.operation;
    kept.noteUse();
    this.#requestIds[0] = requestId;
    this.#metrics.readsAnswered({
      transport: 'http',
      game: route.id,
      operation: operation.name,
      subject: session.principal.subject,
      address,
      count: 1,
      requestIds: this.#requestIds,
      seconds: (performance.now() - startedAt) / 1000,
    });
  }
}

function codingOf({ headers, body }: Reply): Coding | undefined {
  const coding = headers['Content-Encoding'];
  return body !== null && (coding === 'zstd' || coding === 'gzip') ? coding : undefined;
}
