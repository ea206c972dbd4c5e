/** Credentials are replaced while a few devices enrol; `npm run fleet` has many enrolments. */
import { rotations } from '../fleet/rotations.ts';

rotations(10);
