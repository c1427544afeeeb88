-- get
select "ID", "NAME", "LEVEL", "BALANCE", "AMOUNT", "IS_ACTIVE", "DATA", "AT", "BLOB", "NOTE", "RANK", "EXTRA", "SEEN_AT", "VERSION", "CREATED_AT", "UPDATED_AT" from "SAMPLE" where "ID" = :1

-- get for update
select "ID", "NAME", "LEVEL", "BALANCE", "AMOUNT", "IS_ACTIVE", "DATA", "AT", "BLOB", "NOTE", "RANK", "EXTRA", "SEEN_AT", "VERSION", "CREATED_AT", "UPDATED_AT" from "SAMPLE" where "ID" = :1 for update

-- getMany
select "ID", "NAME", "LEVEL", "BALANCE", "AMOUNT", "IS_ACTIVE", "DATA", "AT", "BLOB", "NOTE", "RANK", "EXTRA", "SEEN_AT", "VERSION", "CREATED_AT", "UPDATED_AT" from "SAMPLE" where "ID" in (:1, :2, :3)

-- count of all
select count(*) from "SAMPLE"

-- insert
insert into "SAMPLE" ("ID", "NAME", "LEVEL", "BALANCE", "AMOUNT", "IS_ACTIVE", "DATA", "AT", "BLOB", "NOTE", "RANK", "EXTRA", "SEEN_AT", "VERSION", "CREATED_AT", "UPDATED_AT") values (:1, :2, :3, :4, :5, :6, :7, :8, :9, :10, :11, :12, :13, :14, :15, :16)

-- upsert
merge into "SAMPLE" "T" using (select "ID", "NAME", "LEVEL", "BALANCE", "AMOUNT", "IS_ACTIVE", "DATA", "AT", "BLOB", "NOTE", "RANK", "EXTRA", "SEEN_AT", "VERSION", "CREATED_AT", "UPDATED_AT" from "SAMPLE" where 1 = 0 union all select :1, :2, :3, :4, cast(:5 as NUMBER(18, 4)), :6, :7, :8, :9, :10, :11, :12, :13, :14, :15, :16 from DUAL) "S" on ("T"."ID" = "S"."ID") when matched then update set "T"."NAME" = "S"."NAME", "T"."LEVEL" = "S"."LEVEL", "T"."BALANCE" = "S"."BALANCE", "T"."AMOUNT" = "S"."AMOUNT", "T"."IS_ACTIVE" = "S"."IS_ACTIVE", "T"."DATA" = "S"."DATA", "T"."AT" = "S"."AT", "T"."BLOB" = "S"."BLOB", "T"."NOTE" = "S"."NOTE", "T"."RANK" = "S"."RANK", "T"."EXTRA" = "S"."EXTRA", "T"."SEEN_AT" = "S"."SEEN_AT", "T"."UPDATED_AT" = "S"."UPDATED_AT", "T"."VERSION" = "T"."VERSION" + 1 when not matched then insert ("ID", "NAME", "LEVEL", "BALANCE", "AMOUNT", "IS_ACTIVE", "DATA", "AT", "BLOB", "NOTE", "RANK", "EXTRA", "SEEN_AT", "VERSION", "CREATED_AT", "UPDATED_AT") values ("S"."ID", "S"."NAME", "S"."LEVEL", "S"."BALANCE", "S"."AMOUNT", "S"."IS_ACTIVE", "S"."DATA", "S"."AT", "S"."BLOB", "S"."NOTE", "S"."RANK", "S"."EXTRA", "S"."SEEN_AT", "S"."VERSION", "S"."CREATED_AT", "S"."UPDATED_AT")

-- addMany
merge into "SAMPLE" "T" using (select "ID", "NAME", "LEVEL", "BALANCE", "AMOUNT", "IS_ACTIVE", "DATA", "AT", "BLOB", "NOTE", "RANK", "EXTRA", "SEEN_AT", "VERSION", "CREATED_AT", "UPDATED_AT" from "SAMPLE" where 1 = 0 union all select :1, :2, :3, :4, cast(:5 as NUMBER(18, 4)), :6, :7, :8, :9, :10, :11, :12, :13, :14, :15, :16 from DUAL union all select :17, :18, :19, :20, cast(:21 as NUMBER(18, 4)), :22, :23, :24, :25, :26, :27, :28, :29, :30, :31, :32 from DUAL) "S" on ("T"."ID" = "S"."ID") when matched then update set "T"."UPDATED_AT" = "S"."UPDATED_AT", "T"."BALANCE" = "T"."BALANCE" + "S"."BALANCE", "T"."VERSION" = "T"."VERSION" + 1 when not matched then insert ("ID", "NAME", "LEVEL", "BALANCE", "AMOUNT", "IS_ACTIVE", "DATA", "AT", "BLOB", "NOTE", "RANK", "EXTRA", "SEEN_AT", "VERSION", "CREATED_AT", "UPDATED_AT") values ("S"."ID", "S"."NAME", "S"."LEVEL", "S"."BALANCE", "S"."AMOUNT", "S"."IS_ACTIVE", "S"."DATA", "S"."AT", "S"."BLOB", "S"."NOTE", "S"."RANK", "S"."EXTRA", "S"."SEEN_AT", "S"."VERSION", "S"."CREATED_AT", "S"."UPDATED_AT")

-- saveNewer
merge into "SAMPLE" "T" using (select "ID", "NAME", "LEVEL", "BALANCE", "AMOUNT", "IS_ACTIVE", "DATA", "AT", "BLOB", "NOTE", "RANK", "EXTRA", "SEEN_AT", "VERSION", "CREATED_AT", "UPDATED_AT" from "SAMPLE" where 1 = 0 union all select :1, :2, :3, :4, cast(:5 as NUMBER(18, 4)), :6, :7, :8, :9, :10, :11, :12, :13, :14, :15, :16 from DUAL) "S" on ("T"."ID" = "S"."ID") when matched then update set "T"."NAME" = "S"."NAME", "T"."LEVEL" = "S"."LEVEL", "T"."BALANCE" = "S"."BALANCE", "T"."AMOUNT" = "S"."AMOUNT", "T"."IS_ACTIVE" = "S"."IS_ACTIVE", "T"."DATA" = "S"."DATA", "T"."AT" = "S"."AT", "T"."BLOB" = "S"."BLOB", "T"."NOTE" = "S"."NOTE", "T"."RANK" = "S"."RANK", "T"."EXTRA" = "S"."EXTRA", "T"."SEEN_AT" = "S"."SEEN_AT", "T"."VERSION" = "S"."VERSION", "T"."UPDATED_AT" = "S"."UPDATED_AT" where "T"."VERSION" < "S"."VERSION" when not matched then insert ("ID", "NAME", "LEVEL", "BALANCE", "AMOUNT", "IS_ACTIVE", "DATA", "AT", "BLOB", "NOTE", "RANK", "EXTRA", "SEEN_AT", "VERSION", "CREATED_AT", "UPDATED_AT") values ("S"."ID", "S"."NAME", "S"."LEVEL", "S"."BALANCE", "S"."AMOUNT", "S"."IS_ACTIVE", "S"."DATA", "S"."AT", "S"."BLOB", "S"."NOTE", "S"."RANK", "S"."EXTRA", "S"."SEEN_AT", "S"."VERSION", "S"."CREATED_AT", "S"."UPDATED_AT")

-- delete
delete from "SAMPLE" where "ID" = :1

-- find by every operator
select count(*) from "SAMPLE" where ("LEVEL" = :1 and "LEVEL" <> :2 and "BALANCE" > :3 and "AMOUNT" >= :4 and "AT" < :5 and "SEEN_AT" <= :6 and "NAME" in (:7, :8, :9) and "NOTE" is null and "RANK" is not null and 1 = 0)

-- first page, nullable order
select "ID", "NAME", "LEVEL", "BALANCE", "AMOUNT", "IS_ACTIVE", "DATA", "AT", "BLOB", "NOTE", "RANK", "EXTRA", "SEEN_AT", "VERSION", "CREATED_AT", "UPDATED_AT" from "SAMPLE" order by "RANK" asc nulls first, "ID" asc fetch next :1 rows only

-- first page, nullable order, backwards
select "ID", "NAME", "LEVEL", "BALANCE", "AMOUNT", "IS_ACTIVE", "DATA", "AT", "BLOB", "NOTE", "RANK", "EXTRA", "SEEN_AT", "VERSION", "CREATED_AT", "UPDATED_AT" from "SAMPLE" order by "RANK" desc nulls last, "ID" desc fetch next :1 rows only

-- next page of three columns
select "ID", "NAME", "LEVEL", "BALANCE", "AMOUNT", "IS_ACTIVE", "DATA", "AT", "BLOB", "NOTE", "RANK", "EXTRA", "SEEN_AT", "VERSION", "CREATED_AT", "UPDATED_AT" from "SAMPLE" where ("IS_ACTIVE" > :1 or ("IS_ACTIVE" = :2 and "LEVEL" > :3) or ("IS_ACTIVE" = :4 and "LEVEL" = :5 and "ID" > :6)) order by "IS_ACTIVE" asc, "LEVEL" asc, "ID" asc fetch next :7 rows only

-- next page with a condition, backwards
select "ID", "NAME", "LEVEL", "BALANCE", "AMOUNT", "IS_ACTIVE", "DATA", "AT", "BLOB", "NOTE", "RANK", "EXTRA", "SEEN_AT", "VERSION", "CREATED_AT", "UPDATED_AT" from "SAMPLE" where ("LEVEL" >= :1 and ("LEVEL" < :2 or ("LEVEL" = :3 and "ID" < :4))) order by "LEVEL" desc, "ID" desc fetch next :5 rows only

-- update of a version
update "SAMPLE" set "NAME" = :1, "DATA" = :2, "UPDATED_AT" = :3, "VERSION" = "VERSION" + :4 where ("ID" = :5 and "VERSION" = :6)

-- increment within bounds
update "SAMPLE" set "UPDATED_AT" = :1, "BALANCE" = "BALANCE" + :2, "VERSION" = "VERSION" + :3 where ("ID" = :4 and "BALANCE" >= :5 and "BALANCE" <= :6)
