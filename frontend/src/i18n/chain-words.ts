/** Side effect of loading any lazy room: its English words join the shell's. */
import { errors } from './en/errors';
import { work } from './en/work';
import { registerEnglish } from './index';

registerEnglish(work);
registerEnglish(errors);
