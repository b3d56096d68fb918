import { setFlagsFromString } from 'node:v8';

// V8 learns which objects outlive a few collections of the young, and then makes their like among the old, where only a full collection looks. What a message leaves
// behind lives for milliseconds, but while little happens those are few collections away from each other; made among the old, it kept everything that it pointed to
// (5 times as much was promoted), and the full collections that this brought about were stalls of 40 ms.
setFlagsFromString('--no-allocation-site-pretenuring');
