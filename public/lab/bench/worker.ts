/** The worker in which the tasks run, so that the page stays awake; browser-bench.tsx starts and ends it. */
import * as v from 'valibot';
import { makeTasks, measureTasks } from './codec-tasks.ts';
import { orderSchema, type Report } from './worker-messages.ts';

const tell = (report: Report): void => postMessage(report);

addEventListener('message', ({ data }: MessageEvent<unknown>) => {
  try {
    const plan = v.parse(orderSchema, data);
    const results = measureTasks(
      makeTasks(),
      plan,
      () => performance.now(),
      (done, total) => tell({ type: 'progress', done, total }),
    );
    tell({ type: 'done', results });
  } catch (error) {
    tell({ type: 'failed', reason: error instanceof Error ? error.message : String(error) });
  }
});
