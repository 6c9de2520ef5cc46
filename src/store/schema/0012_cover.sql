-- 0012: only what an agreement of its own pays for covers time: website work is charged by the hour, or drawn from the bank.
UPDATE category SET service='', version=version+1 WHERE service NOT IN ('', 'operations', 'network');
