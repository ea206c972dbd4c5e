/** `npm run fleet`: what `npm test` runs with few enrolments and certificates, with many. */
import { rotations } from './rotations.ts';
import { manyWiped } from './wiped.ts';

rotations(40);
manyWiped(10_000);
