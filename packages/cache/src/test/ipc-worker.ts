/**
 * An instance in a process of its own: joins the bus, tells its parent all that it hears, and says what it is told to say.
 */
import { IpcBus, processPort } from '../index.ts';

const tell = (note: string): void => void process.send?.({ note });
const bus = new IpcBus({ port: processPort(process) });
process.on('message', (command: { readonly say?: string }) => {
  if (command.say === undefined) return;
  const { say } = command;
  bus.publish(say).then(
    () => tell(`said ${say}`),
    () => tell(`not said ${say}`),
  );
});
await bus.start({ heard: (message) => tell(`heard ${message}`), lost: (cause) => tell(`lost ${cause}`), joined: () => tell('joined') });
