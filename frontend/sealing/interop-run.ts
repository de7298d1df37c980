// Makes a bundle, and answers for one made elsewhere: JSON in, JSON out. Run by vigie/sealing/tests and the vectors' script.
import { answerTo, makeBundle, openBundle, type Bundle, type Case } from "./interop";

const chunks: Buffer[] = [];
for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
const { bundle, cases } = JSON.parse(Buffer.concat(chunks).toString()) as { bundle: Bundle; cases: Case[] };
const answers: string[] = [];
for (const one of cases) answers.push(await answerTo(bundle, one));
process.stdout.write(JSON.stringify({ bundle: await makeBundle(), texts: await openBundle(bundle), answers }));
