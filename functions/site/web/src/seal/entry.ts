import { handOver } from "../contract.ts";
import { openChannel } from "./channel.ts";
import { verifyKeyList } from "./key_list.ts";
import { verifyReceipt } from "./receipt.ts";

handOver({ openChannel, verifyKeyList, verifyReceipt });
